import { ref, watch } from 'vue'

const KEY = 'huifang.chat.elder'

/** Elder mode (适老): larger text, larger targets. Kept in this browser; `?elder=1` turns it on from a link. */
const asked = new URLSearchParams(location.search).get('elder')
export const elder = ref(asked === null ? localStorage.getItem(KEY) === '1' : asked === '1')

watch(
  elder,
  (on) => {
    localStorage.setItem(KEY, on ? '1' : '0')
    document.documentElement.classList.toggle('elder', on)
  },
  { immediate: true },
)
