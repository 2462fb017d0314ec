import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { setUnauthorisedHandler } from './api/http'
import App from './App.vue'
import { makeRouter } from './router'
import { useSession } from './stores/session'
import './styles/tokens.css'
import './styles/base.css'
import './styles/element.css'

const app = createApp(App)
app.use(createPinia())
const router = makeRouter()
setUnauthorisedHandler(() => {
  useSession().forget()
  const here = router.currentRoute.value
  if (here.name !== 'login') void router.replace({ name: 'login', query: { next: here.fullPath } })
})
app.use(router)
app.mount('#app')
