import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** A process beside this one, that answers questions. */
export interface Asked extends AsyncDisposable {
  /** @throws when its answerer throws, when the answer has another shape, or when the process has ended */
  ask<T>(question: string, shape: z.ZodType<T>, ...details: unknown[]): Promise<T>
}

/**
 * Starts one of our modules in a process of its own, so that its CPU time and its memory are its own.
 * It ends with this one.
 *
 * @param module address of the module, which calls `answerQuestions`
 */
export async function startProcess(module: URL, nodeOptions: string[] = []): Promise<Asked> {
  const child = fork(fileURLToPath(module), {
    execArgv: nodeOptions,
    env: { NODE_ENV: 'production' },
    serialization: 'advanced',
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  let asked = 0

  child.on('message', (message) => {
    const answer = Answer.parse(message)
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  child.once('exit', (code, signal) => {
    for (const [id, answered] of waiting) answered({ id, error: `the process has ended: ${signal ?? code}` })
  })
  const started = once(child, 'message')
  await Promise.race([started, once(child, 'exit')])
  if (child.exitCode !== null) throw new Error(`${module} ended with ${child.exitCode} before it had begun`)

  return {
    async ask(question, shape, ...details) {
      const id = ++asked
      const answer = await new Promise<Answer>((answered) => {
        waiting.set(id, answered)
        child.send({ id, question, details })
      })
      if (answer.error !== undefined) throw new Error(`${question}: ${answer.error}`)
      return shape.parse(answer.answer)
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

/** In such a process: answers by name, for as long as the one that asks lives. */
export function answerQuestions(answers: Readonly<Record<string, (...details: never[]) => unknown>>): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message) => {
    const { id, question, details } = Question.parse(message)
    void answer(question, details).then(
      (answer) => process.send?.({ id, answer }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    )
  })
  process.send?.({ id: 0 })

  async function answer(question: string, details: unknown[]): Promise<unknown> {
    const answerer = answers[question]
    if (answerer === undefined) throw new TypeError(`nobody answers ${question}`)
    return Reflect.apply(answerer, undefined, details)
  }
}

const Question = z.object({ id: z.number(), question: z.string(), details: z.array(z.unknown()) })
const Answer = z.object({ id: z.number(), answer: z.unknown().optional(), error: z.string().optional() })
type Answer = z.infer<typeof Answer>

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.disconnect()
  await exit
}
