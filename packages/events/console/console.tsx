import { render } from 'preact'
import { App } from './app.js'
import './styles/console.css'
import { followAddress } from './log/log-state.js'
import { followLinks } from './place.js'
import { listenForShortcuts } from './shortcuts.js'

const root = document.getElementById('console')
if (root === null) throw new TypeError('the page has no #console')

followLinks()
followAddress()
listenForShortcuts()
root.replaceChildren()
render(<App />, root)
