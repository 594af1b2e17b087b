import { serve } from '@curfew/testing'
import express from 'express'
import { suite } from 'uvu'
import { requireRole, requireSession, sessionOf, signalOf } from './express.js'
import { adapterContract, type StartApp } from './testing/adapter-contract.js'

const test = suite('guard: express')

const startApp: StartApp = (guard, { work, late }) => {
  const router = express.Router()
  router.use(requireSession(guard))
  router.all('/who', (req, res) => {
    res.send(sessionOf(req).user.id)
  })
  router.get('/admins', requireRole(['admin', 'root']), (_req, res) => {
    res.send('welcome')
  })
  router.get('/work', async (req, res) => {
    res.send(await work(signalOf(req), signalOf(req)))
  })
  router.get('/late', (req, res) => {
    res.send('soon')
    late(() => signalOf(req))
  })
  router.get('/stream', (req, res) => {
    signalOf(req).addEventListener('abort', () => res.end())
    res.type('text/event-stream').write('data: hello\n\n')
  })

  const app = express()
  app.set('env', 'test') // Express writes no stack of what a handler throws.
  app.use('/in', router)
  app.get('/own', requireSession(guard, { refuse: (_req, res, { code }) => void res.status(418).send(code) }))
  const teapot = () => {
    throw Object.assign(new Error('I’m a teapot'), { status: 418 })
  }
  app.get('/thrown', requireSession(guard, { refuse: teapot }))
  app.get('/open', (req, res) => {
    res.send(sessionOf(req).user.id)
  })
  return serve(app)
}

adapterContract(test, startApp, { hasOwnErrorBody: true })

test.run()
