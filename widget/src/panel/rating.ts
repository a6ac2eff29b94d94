/** What the visitor thought of it. */
import { addStyle } from './parts/part'
import style from './parts/rating.css?inline'

export { Rating } from './parts/Rating'

addStyle(style)
