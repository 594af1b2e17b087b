// The package's own module, which this service serves beside the console's.
export { default } from 'bowser'
