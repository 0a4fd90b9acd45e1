import { boot } from '@/shared/boot'
import ConsolePage from './ConsolePage.vue'

boot(ConsolePage)
