/** For a hospital's own pages: `<script src="https://…/chat/widget.js" data-title="在线客服" defer></script>`. */

const script = document.currentScript as HTMLScriptElement
const home = new URL(script.src)
const title = script.dataset.title ?? '在线客服'
const color = /^#[0-9a-f]{6}$/i.test(script.dataset.color ?? '') ? script.dataset.color! : '#14605a'

const STYLE = `
:host { all: initial; }
button, .frame { position: fixed; right: 20px; z-index: 2147483000; }
button { bottom: 20px; display: flex; align-items: center; gap: 8px; min-height: 52px; padding: 0 20px; border: 0; border-radius: 26px; background: ${color}; color: #fff; font: 600 16px/1 'PingFang SC', 'Microsoft YaHei', sans-serif; cursor: pointer; box-shadow: 0 8px 24px rgb(0 0 0 / 22%); }
button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
.frame { bottom: 84px; width: 380px; height: min(640px, calc(100vh - 110px)); border: 0; border-radius: 16px; background: #fff; box-shadow: 0 16px 48px rgb(0 0 0 / 26%); }
.frame[hidden] { display: none; }
@media (max-width: 480px) { .frame { inset: 0 0 72px; width: 100%; height: auto; border-radius: 0; } }
`

function mount(): void {
  const host = document.createElement('div')
  const root = host.attachShadow({ mode: 'closed' })
  const style = document.createElement('style')
  style.textContent = STYLE
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = title
  button.setAttribute('aria-expanded', 'false')
  let frame: HTMLIFrameElement | null = null
  const show = (open: boolean): void => {
    if (open && !frame) {
      frame = document.createElement('iframe')
      frame.className = 'frame'
      frame.title = title
      frame.allow = 'microphone'
      frame.src = new URL('./?from=widget', home).href
      root.append(frame)
    }
    if (frame) frame.hidden = !open
    button.textContent = open ? '收起' : title
    button.setAttribute('aria-expanded', String(open))
  }
  button.onclick = () => show(!frame || frame.hidden)
  root.append(style, button)
  document.body.append(host)
}

if (document.body) mount()
else document.addEventListener('DOMContentLoaded', mount)
