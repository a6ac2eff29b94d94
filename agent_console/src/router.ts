import { createRouter, createWebHistory } from 'vue-router'

import { speaking } from './i18n'
import InboxPage from './inbox/InboxPage.vue'

// The hub answers every address that is no file and no route of its own with this page.
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: '/inbox/mine' },
    { path: '/inbox/:view(mine|unassigned|all|snoozed|closed|drafts|mentions|unread|view-[\\w-]+)/:id?', name: 'inbox', component: InboxPage, props: true },
    { path: '/customers', name: 'customers', component: () => import('./customers/CustomersPage.vue') },
    { path: '/customers/:id', name: 'customer', component: speaking(() => import('./customers/CustomerPage.vue'), 'shell'), props: true },
    { path: '/tickets', name: 'tickets', component: () => import('./tickets/TicketsPage.vue') },
    { path: '/tickets/:id', name: 'ticket', component: () => import('./tickets/TicketPage.vue'), props: true },
    { path: '/search', name: 'search', component: () => import('./search/SearchPage.vue') },
    { path: '/wallboard', name: 'wallboard', component: speaking(() => import('./wallboard/WallboardPage.vue'), 'shell') },
    { path: '/settings/:section?', name: 'settings', component: speaking(() => import('./settings/SettingsPage.vue'), 'admin'), props: true },
    { path: '/:rest(.*)*', redirect: '/inbox/mine' },
  ],
})
