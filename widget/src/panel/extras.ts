/** Files and the choice of who answers: loaded when the panel is first opened. */
import style from './parts/extras.css?inline'
import { addStyle } from './parts/part'

export { Camera } from './parts/Camera'
export { Choices } from './parts/Choices'
export { Files } from './parts/Files'
export { PendingFiles } from './parts/PendingFiles'
export { attach } from './parts/uploads'

addStyle(style)
