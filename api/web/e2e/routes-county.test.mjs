// The pages of those who watch and run the county, of the public and of applicants.
import { everyRoute, others, visits } from './routes.mjs'

everyRoute()
visits(...others)
