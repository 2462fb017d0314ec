import { ElMessage } from 'element-plus'
import 'element-plus/es/components/message/style/css'

export const notify = {
  done: (message: string): void => void ElMessage({ message, type: 'success', duration: 2500, grouping: true }),
  failed: (message: string): void => void ElMessage({ message, type: 'error', duration: 6000, showClose: true, grouping: true }),
}
