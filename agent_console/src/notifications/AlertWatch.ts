import { defineComponent } from 'vue'

import { useAlerts } from './alerts'

/** Shows nothing; listens as long as the shell stands. */
export default defineComponent({ setup: () => (useAlerts(), () => null) })
