export interface OpenOptions {
  /** Whether an event log is made where there is none. Where not, that is an error. @default true */
  readonly mayCreate?: boolean
}
