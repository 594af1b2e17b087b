/** Where identity serves its stylesheets, pictures and browser modules. */
export const ASSETS = '/auth/assets'
