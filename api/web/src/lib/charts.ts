// What charts need of ECharts and nothing else; loaded with the first chart.
import { BarChart } from 'echarts/charts'
import { GridComponent, LegendComponent } from 'echarts/components'
import { init as make, use, type EChartsType } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, GridComponent, LegendComponent, SVGRenderer])

/** A chart in a box; SVG, which prints sharp. */
export function init(box: HTMLElement): EChartsType {
  return make(box, undefined, { renderer: 'svg' })
}
