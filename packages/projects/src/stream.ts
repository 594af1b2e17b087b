import type { Guard } from '@curfew/guard'
import { openEventStream, type ServerSentEvent } from '@curfew/service'
import type { Changes } from './changes.js'
import { maySee } from './roles.js'
import type { ProjectsContext } from './routes.js'

/**
 * The live stream of an open page: what happens to the projects that the caller may see.
 *
 * | event     | data                                       | when                                                      |
 * | --------- | ------------------------------------------ | --------------------------------------------------------- |
 * | `refresh` | `{}`                                       | at the beginning, and when something may have been missed |
 * | `project` | `{"what":"project.renamed","project":{…}}` | something happened to a project                           |
 *
 * It ends with the session: the guard closes it before a sign-off is confirmed, and is asked before
 * each message. What a slow viewer has not read by then does not reach it.
 */
export function streamChanges({ guard, changes }: { guard: Guard; changes: Changes }) {
  return function streamChanges(ctx: ProjectsContext): void {
    const { session } = ctx.state
    const stream = openEventStream(ctx)
    const hold = guard.hold(session, stream.abort)

    function deliver(message: ServerSentEvent): void {
      if (hold.mayDeliver()) stream.send(message)
      else stream.abort()
    }

    const stop = changes.listen((change) => {
      if (change === 'missed') deliver(REFRESH)
      else if (maySee(session.user, change.project.owner)) {
        deliver({ event: 'project', data: JSON.stringify(change) })
      }
    })
    deliver(REFRESH)
    void stream.closed.then(() => {
      stop()
      hold.release()
    })
  }
}

const REFRESH = { event: 'refresh', data: '{}' }
