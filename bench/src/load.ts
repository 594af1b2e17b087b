import { Agent, get } from 'node:http'

/** Sends requests over kept connections, each after the answer to the one before, and counts them. */
export async function load(
  port: number,
  cookie: string,
  { connections, forMs }: { connections: number; forMs: number },
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const until = performance.now() + forMs
  let answered = 0
  const one = async () => {
    while (performance.now() < until) {
      const status = await ask(port, cookie, agent)
      if (status !== 200) throw new Error(`the server answered ${status}`)
      answered++
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  agent.destroy()
  return answered
}

function ask(port: number, cookie: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent, headers: { cookie } }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode))
    }).on('error', reject)
  })
}
