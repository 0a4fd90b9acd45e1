import { boot } from '@/shared/boot'
import WallboardPage from './WallboardPage.vue'

boot(WallboardPage)
