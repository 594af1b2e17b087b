import { generateKeyPair, generateSecret, jwtVerify, SignJWT } from 'jose'
import Koa from 'koa'
import { ADA, type Contender, GREETING } from '../contender.js'

const ALGORITHMS = ['HS256', 'ES256', 'RS256', 'EdDSA'] as const

/** A token that is verified for each request, with a key that is at hand. Nothing can end it before its time. */
export async function jose(algorithm: (typeof ALGORITHMS)[number]): Promise<Contender> {
  const { sign, verify } = await keysFor(algorithm)
  const expected = { issuer: 'https://issuer.test', audience: 'bench', algorithms: [algorithm] }

  const app = new Koa()
  app.use(async (ctx, next) => {
    const [, token = ''] = ctx.get('Authorization').split(' ')
    const { payload } = await jwtVerify(token, verify, expected)
    ctx.state['user'] = payload
    await next()
  })
  app.use((ctx) => {
    ctx.body = GREETING
  })
  return {
    handler: app.callback(),
    async signIn() {
      const token = await new SignJWT({ name: ADA.name, email: ADA.email, roles: ADA.roles })
        .setProtectedHeader({ alg: algorithm })
        .setSubject(ADA.id)
        .setIssuer(expected.issuer)
        .setAudience(expected.audience)
        .setIssuedAt()
        .setExpirationTime('12h')
        .sign(sign)
      return `Authorization: Bearer ${token}`
    },
  }
}

async function keysFor(algorithm: string) {
  if (algorithm === 'HS256') {
    const secret = await generateSecret(algorithm)
    return { sign: secret, verify: secret }
  }
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  return { sign: privateKey, verify: publicKey }
}
