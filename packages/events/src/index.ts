/** The event log, live and durable, and the console. Nobody imports it: it is a service of its own. */
export { createEventsApp, type EventsApp, type EventsAppOptions } from './app.js'
