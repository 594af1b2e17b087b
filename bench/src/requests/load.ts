/** The process that sends the requests. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { answerQuestions } from '../process.js'
import { GREETING } from './contender.js'

const connections = new Map<number, Connection[]>()

answerQuestions({
  /** Opens a connection to a server for each of the header lines, to be kept. */
  async connect(port: number, headers: readonly string[]) {
    connections.set(port, await Promise.all(headers.map((header) => openConnection(port, header))))
  },

  /** Sends so many requests to a server, on each connection the next after the answer to the one before. */
  async load(port: number, requests: number) {
    const open = connections.get(port) ?? []
    let left = requests
    const takeOne = () => left-- > 0
    const sleep = stayAwake()
    await Promise.all(open.map((connection) => connection.sendWhile(takeOne)))
    sleep()
  },
})

/**
 * Until told otherwise this process never sleeps: waking it up would be paid by the server that answers, and
 * the more often the slower that is.
 */
function stayAwake(): () => void {
  let awake = true
  const turn = () => {
    if (awake) setImmediate(turn)
  }
  turn()
  return () => {
    awake = false
  }
}

/** What a browser sends along when a page fetches something, through a proxy. */
const BROWSER = [
  'Host: localhost:4000',
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-Proto: https',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept: application/json',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9',
  'Referer: https://localhost:4000/projects',
  'Sec-Fetch-Dest: empty',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Site: same-origin',
]

interface Connection {
  sendWhile(more: () => boolean): Promise<void>
}

/** A bare socket: node:http's client costs more than most of the servers that are measured. */
async function openConnection(port: number, header: string): Promise<Connection> {
  const request = Buffer.from(['GET / HTTP/1.1', ...BROWSER, header, '', ''].join('\r\n'))
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return {
    sendWhile: (more) => new Promise((resolve, reject) => converse(socket, request, more, resolve, reject)),
  }
}

function converse(
  socket: Socket,
  request: Buffer,
  more: () => boolean,
  resolve: () => void,
  reject: (error: Error) => void,
): void {
  let answer = ''
  const fail = () => reject(new Error('the server hung up'))
  socket.on('data', read).on('error', reject).on('close', fail)
  next()

  function next(): void {
    if (more()) return void socket.write(request)
    socket.off('data', read).off('error', reject).off('close', fail)
    resolve()
  }

  function read(chunk: Buffer): void {
    answer += chunk.toString('latin1')
    if (!answer.includes('\r\n\r\n')) return
    if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(`the server answered ${answer}`))
    if (!answer.endsWith(GREETING)) return
    answer = ''
    next()
  }
}
