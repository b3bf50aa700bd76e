import type { GraphData, GraphName, GraphTable, Series } from '../graph-data.ts';
import { drawn } from './drawn.ts';
import { all, element, setText } from './elements.ts';
import { dashes, seriesColour, seriesFill } from './patterns.ts';

/** How often graphs are drawn anew while somebody looks, in milliseconds. */
const everyMs = 30_000;

const plots = new Map<string, uPlot>();
let data: GraphData | undefined;
let span = '';

/** Draws the graphs of the span that the page was made for, keeps them true, and changes spans without a new page. */
export function wireGraphs(): void {
  for (const link of all<HTMLAnchorElement>('[data-span]')) {
    if (link.ariaCurrent === 'true') span = link.dataset.span ?? '';
    link.addEventListener('click', (event) => {
      event.preventDefault();
      span = link.dataset.span ?? '';
      for (const other of all('[data-span]')) other.ariaCurrent = other === link ? 'true' : null;
      history.replaceState(null, '', link.href);
      void load();
    });
  }
  void load();
  window.setInterval(() => {
    if (!document.hidden) void load();
  }, everyMs);
  const redraw = () => data && show(data);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  let width = document.documentElement.clientWidth;
  new ResizeObserver(() => {
    if (width === document.documentElement.clientWidth) return;
    width = document.documentElement.clientWidth;
    redraw();
  }).observe(document.documentElement);
}

async function load(): Promise<void> {
  const asked = span;
  try {
    const answer = await fetch(`/graphs?span=${asked}`);
    if (!answer.ok) return;
    const told = (await answer.json()) as GraphData;
    // Another one was asked for meanwhile.
    if (asked !== span) return;
    data = told;
    show(told);
  } catch {
    // Nobody is there: the live connection says so, and the graphs stay what they were.
  }
}

function show(told: GraphData): void {
  for (const figure of all('[data-graph]')) {
    const name = figure.dataset.graph as GraphName;
    showTable(figure, told.tables[name]);
    plots.get(name)?.destroy();
    plots.delete(name);
    const place = figure.querySelector<HTMLElement>('.plot');
    const series = told.series[name];
    showLegend(figure, name === 'copies' ? [] : series, name);
    if (place && told.times.length > 1 && series.length > 0) plots.set(name, drawn(place, name, told));
  }
}

function showLegend(figure: HTMLElement, series: readonly Series[], graph: GraphName): void {
  const legend = figure.querySelector('.legend');
  legend?.replaceChildren(
    ...series.map(({ name, look }) => {
      const item = element('li', '');
      item.append(swatch(look, graph), element('span', name));
      return item;
    }),
  );
}

function swatch(i: number, graph: GraphName): HTMLCanvasElement {
  const [width, height] = [24, 14];
  const canvas = element('canvas', '');
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  if (!pen) return canvas;
  if (graph === 'latency') drawLine(pen, i, canvas);
  else drawFill(pen, i, canvas);
  return canvas;
}

function drawLine(pen: CanvasRenderingContext2D, i: number, { width, height }: HTMLCanvasElement): void {
  pen.strokeStyle = seriesColour(i);
  pen.lineWidth = 2 * devicePixelRatio;
  pen.setLineDash((dashes[i % dashes.length] ?? []).map((length) => length * devicePixelRatio));
  pen.beginPath();
  pen.moveTo(0, height / 2);
  pen.lineTo(width, height / 2);
  pen.stroke();
}

function drawFill(pen: CanvasRenderingContext2D, i: number, { width, height }: HTMLCanvasElement): void {
  pen.fillStyle = seriesFill(i);
  pen.fillRect(0, 0, width, height);
}

function showTable(figure: HTMLElement, { summary, head, rows }: GraphTable): void {
  const told = figure.querySelector('[data-summary]');
  if (told) setText(told, summary);
  const [headRow] = all('thead tr', figure);
  headRow?.replaceChildren(...head.map((cell) => element('th', cell, { scope: 'col' })));
  const [body] = all('tbody', figure);
  body?.replaceChildren(
    ...rows.map((cells) => {
      const row = element('tr', '');
      row.append(...cells.map((cell, i) => (i === 0 ? element('th', cell, { scope: 'row' }) : element('td', cell))));
      return row;
    }),
  );
}
