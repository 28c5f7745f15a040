/**
 * Plots as SVG, in the style that all of docs/PERFORMANCE.md has. vega draws without a browser; the
 * same figures give the same bytes, so a plot changes when its figures do.
 */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export type PlotPoint = Readonly<Record<string, string | number>>;

export type BarPlot = {
  readonly kind: 'bars';
  readonly title: string;
  readonly values: readonly PlotPoint[];
  /** Field of the rows, from top to bottom. */
  readonly label: string;
  readonly value: string;
  readonly valueTitle: string;
  /** Field that splits each row into several bars. */
  readonly series?: string;
  readonly scale?: 'log';
};

export type LinePlot = {
  readonly kind: 'lines';
  readonly title: string;
  readonly values: readonly PlotPoint[];
  readonly x: string;
  readonly xTitle: string;
  readonly xScale?: 'log';
  readonly y: string;
  readonly yTitle: string;
  readonly yScale?: 'log';
  readonly series?: string;
};

export type Plot = BarPlot | LinePlot;

const WIDTH = 560;
const LINE_HEIGHT = 260;
const BAR_STEP = 18;
const COLORS = ['#2f6f4f', '#d9822b', '#4c6ea8', '#a8434c', '#7b5ea7', '#6b6b6b', '#b59b2b'];

const config = {
  background: 'white',
  font: 'Helvetica, Arial, sans-serif',
  axis: { gridColor: '#e6e6e6', domainColor: '#888', tickColor: '#888', labelColor: '#333' },
  title: { anchor: 'start', fontSize: 14, color: '#222' },
  legend: { orient: 'bottom', title: null, labelLimit: 400, symbolType: 'square' },
  range: { category: COLORS },
  view: { stroke: null },
} as const;

export async function renderSvg(plot: Plot): Promise<string> {
  const spec = plot.kind === 'bars' ? barSpec(plot) : lineSpec(plot);
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

function barSpec({
  title,
  values,
  label,
  value,
  valueTitle,
  series,
  scale,
}: BarPlot): TopLevelSpec {
  const color =
    series === undefined ? {} : { color: { field: series, type: 'nominal' as const, sort: null } };
  const offset = series === undefined ? {} : { yOffset: { field: series, sort: null } };
  // A bar on a logarithmic scale begins at the lowest decade, as there is no 0.
  const least = Math.min(...values.map((point) => Number(point[value])));
  const domainMin = scale === 'log' ? 10 ** Math.floor(Math.log10(least) - 0.01) : 0;
  return {
    title,
    config,
    width: WIDTH,
    height: { step: BAR_STEP },
    data: { values: [...values] },
    mark: { type: 'bar', ...(series === undefined && { color: COLORS[0]! }) },
    encoding: {
      y: { field: label, type: 'nominal', sort: null, title: null },
      x: {
        field: value,
        type: 'quantitative',
        title: valueTitle,
        scale: { type: scale ?? 'linear', domainMin },
        axis: { format: '~s' },
      },
      ...(scale === 'log' && { x2: { datum: domainMin } }),
      ...color,
      ...offset,
    },
  } as TopLevelSpec;
}

function lineSpec(plot: LinePlot): TopLevelSpec {
  const { series } = plot;
  return {
    title: plot.title,
    config,
    width: WIDTH,
    height: LINE_HEIGHT,
    data: { values: [...plot.values] },
    mark: { type: 'line', point: plot.values.length < 100, strokeWidth: 1.8 },
    encoding: {
      x: {
        field: plot.x,
        type: 'quantitative',
        title: plot.xTitle,
        scale: plot.xScale === 'log' ? { type: 'log', nice: false } : { zero: false },
        axis: { format: '~s' },
      },
      y: {
        field: plot.y,
        type: 'quantitative',
        title: plot.yTitle,
        scale: { type: plot.yScale ?? 'linear' },
        axis: { format: '~s' },
      },
      ...(series !== undefined && { color: { field: series, type: 'nominal', sort: null } }),
    },
  } as TopLevelSpec;
}
