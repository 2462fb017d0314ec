import { createApp } from 'vue'
import App from './App.vue'
import './lib/elder'
import './styles/base.css'

createApp(App).mount('#app')
