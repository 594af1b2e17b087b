import { givenApp } from './given-app.js'

/** An admin and Ada, both signed in, and where an admin finds her. */
export async function givenAdmin() {
  const app = await givenApp()
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  const id = ada.record.user.id
  return {
    app,
    admin,
    ada,
    path: `/auth/admin/users/${id}`,
    session: `/auth/admin/sessions/${ada.record.ref}`,
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}
