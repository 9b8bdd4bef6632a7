// The pages of the desks, of whoever is out of reach, and of anybody at a village.
import { desks, visits } from './routes.mjs'

visits(...desks)
