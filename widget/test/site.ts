import type { Site } from '../src/panel/model'

/** A site as the server describes it, with nothing asked for. */
export const SITE: Site = {
  name: 'Shop', color: '#0f766e', on_color: '#ffffff', launcher: 'button{color:#fff}', theme: 'auto', greeting_en: 'Hi', greeting_zh: '您好',
  offline_en: 'Away', offline_zh: '不在', consent_en: '', consent_zh: '', asks: false, ask: { name: 'off', email: 'off', phone: 'off' },
  offline_contact: 'off', invitations: [], sound: true, rating: true, transcript: true, forgetting: true, max_file_bytes: 1000,
  texts_en: {}, texts_zh: {}, choice: [], online: true,
}

export const STANDING = { online: true, open: true, opens_at: null, place: null, agent: null, read_n: 0 }
