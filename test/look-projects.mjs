import { startTestSystem } from './dist/system.js'
import { openChromium } from './dist/chromium.js'
const t0=Date.now()
const system = await startTestSystem()
console.log('up', Date.now()-t0, system.url, system.processes.map(p=>p.name+':'+p.port).join(' '))
const chrome = await openChromium({tolerate:[/.*/]})
const shot=(p,n)=>p.screenshot({path:`/tmp/shots/${n}.png`})
async function signIn(page, user, path='/projects'){
  await page.goto(system.url+path)
  await page.fill('input[name=login], input[name=username], input[type=text]', user)
  await page.fill('input[type=password]', 'curfew')
  await page.click('button[type=submit], form button')
  await page.waitForURL(u=>u.pathname.startsWith('/projects'),{timeout:10000})
}
try {
  const page = await chrome.openPage()
  await page.setViewportSize({width:1200,height:820})
  await signIn(page,'editor')
  await page.waitForTimeout(600)
  await shot(page,'1-empty')
  for (const n of ['Bell tower restoration','Night watch rota','Ember','A name that is rather long, because people write whole sentences where a few words would have been enough']) {
    await page.fill('#new-project', n); await page.keyboard.press('Enter')
    await page.waitForFunction(n=>[...document.querySelectorAll('input.project-name')].some(i=>i.value===n), n)
  }
  await shot(page,'2-list')
  const page2 = await page.context().newPage(); await page2.setViewportSize({width:390,height:800})
  await page2.goto(system.url+'/projects'); await page2.waitForTimeout(500)
  await shot(page2,'3-phone')
  // rename in place
  await page.locator('input.project-name').nth(1).click(); await page.keyboard.press('End'); await page.keyboard.type(' of 2027')
  await shot(page,'4-renaming')
  await page.keyboard.press('Enter'); await page.waitForTimeout(300)
  await shot(page,'5-renamed')
  await page2.waitForTimeout(200)
  console.log('page2 sees', await page2.locator('input.project-name').evaluateAll(x=>x.map(i=>i.value)))
  await page.locator('form[data-does=archive] button').nth(2).click(); await page.waitForTimeout(300)
  await shot(page,'6-archived')
  await page.locator('#toast button').click(); await page.waitForTimeout(300)
  await shot(page,'7-undone')
  await page.locator('form[data-does=archive] button').nth(2).click(); await page.waitForTimeout(300)
  await page.locator('#archive summary').click(); await page.waitForTimeout(200)
  await shot(page,'8-archive-open')
  await page.locator('.project-actions > button.danger').nth(0).click(); await page.waitForTimeout(300)
  await shot(page,'9-delete-question')
  await page.locator('.delete-question:popover-open button.danger').click(); await page.waitForTimeout(300)
  await shot(page,'10-deleted')
  console.log('page2 after delete', await page2.locator('input.project-name').evaluateAll(x=>x.map(i=>i.value)))
  // conflict: page2 begins to type, page renames, page2 saves
  await page2.bringToFront()
  await page2.locator('input.project-name').nth(0).click(); await page2.keyboard.type(' mine')
  await page.locator('input.project-name').nth(0).fill('Renamed by other'); await page.locator('input.project-name').nth(0).press('Enter'); await page.waitForTimeout(400)
  await page2.locator('input.project-name').nth(0).press('Enter'); await page2.waitForTimeout(400)
  await shot(page2,'11-conflict')
  await page2.locator('input.project-name').nth(0).press('Enter'); await page2.waitForTimeout(400)
  await shot(page2,'12-after-conflict')
  await page.emulateMedia({colorScheme:'dark'}); await page.waitForTimeout(200); await shot(page,'13-dark')
  await page2.emulateMedia({colorScheme:'dark'}); await page2.waitForTimeout(200); await shot(page2,'14-dark-phone')
  // viewer and admin
  const vp = await (await chrome.openProfile()).newPage(); await signIn(vp,'viewer'); await vp.waitForTimeout(300); await shot(vp,'15-viewer')
  const ap = await (await chrome.openProfile()).newPage(); await signIn(ap,'admin'); await ap.waitForTimeout(300); await ap.fill('#new-project','Of the admin'); await ap.keyboard.press('Enter'); await ap.waitForTimeout(300); await shot(ap,'16-admin')
  await ap.locator('.project-owner').nth(1).click(); await ap.waitForTimeout(300); await shot(ap,'17-admin-owner')
  // sign out everywhere
  await page.bringToFront()
  await page.locator('.account-button').click(); await page.waitForTimeout(200); await shot(page,'18-account')
  await page.locator('button[value=session]').click(); await page2.waitForTimeout(1200)
  await shot(page2,'19-signed-out-notice'); await shot(page,'20-signed-out-page')
  // error page
  await ap.goto(system.url+'/projects/nope/nope'); await shot(ap,'21-404')
} catch(e) { console.log('ERR', e) } finally {
  console.log(chrome.complaints)
  await chrome[Symbol.asyncDispose]().catch(()=>0)
  await system[Symbol.asyncDispose]()
}
