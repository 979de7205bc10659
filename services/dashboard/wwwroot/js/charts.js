// Draws values over time. The charts of a group share their cursor and their zoom; where nothing is known, nothing is drawn.
import uPlot from "../lib/uPlot.esm.js";
import { duration, moment, number, tick } from "./figures.js";

const charts = new Map(); // By the element that Blazor rendered.
const groups = new Map();
const root = document.documentElement;

/** Draws a chart, or draws it anew: what is hidden, zoomed and pointed at stays so. */
export function draw(element, spec, page) {
    for (const chart of charts.values()) if (!chart.element.isConnected) forget(chart);
    if (!element.isConnected) return;

    const group = groupOf(spec.group);
    if (group.subject !== spec.subject || (group.zoom && group.zoom[1] < spec.from)) group.zoom = null;
    Object.assign(group, { subject: spec.subject, from: spec.from, to: spec.to });

    let chart = charts.get(element);
    if (!chart) {
        chart = { element, box: element.querySelector(".plot-box"), hidden: new Set() };
        charts.set(element, chart);
        listen(chart);
        sizes.observe(chart.box);
    }
    const isSame = chart.spec && shape(chart.spec) === shape(spec);
    Object.assign(chart, { spec, page, group });
    if (chart.plot && isSame) chart.plot.setData(values(spec));
    else build(chart);
    point(chart);
    tellZoom(spec.group);
}

function build(chart) {
    chart.plot?.destroy();
    chart.plot = null;
    const [width, height] = [chart.box.clientWidth, chart.box.clientHeight];
    if (width > 0) chart.plot = new uPlot(options(chart, width, height), values(chart.spec), chart.box);
}

function forget(chart) {
    charts.delete(chart.element);
    sizes.unobserve(chart.box);
    chart.plot?.destroy();
    if (![...charts.values()].some(other => other.group === chart.group)) groups.delete(chart.spec.group);
}

function groupOf(name) {
    if (!groups.has(name)) groups.set(name, { zoom: null });
    return groups.get(name);
}

const shape = spec => JSON.stringify([spec.unit, spec.lines.map(line => [line.name, line.colour, line.isDashed, line.isStepped, line.isFilled])]);
const values = spec => [spec.times, ...spec.lines.map(line => line.values)];
const isEmpty = spec => !spec.lines.some(line => line.values.some(value => value != null));
const colour = name => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
const text = (value, unit) => value == null ? "–" : unit === "milliseconds" ? duration(value) : number(value);

function options(chart, width, height) {
    const unit = chart.spec.unit;
    const axis = {
        stroke: () => colour("muted"), font: `11px ${colour("font")}`,
        grid: { stroke: () => colour("line"), width: 1 }, ticks: { stroke: () => colour("line"), width: 1, size: 4 },
    };
    const isMove = type => type === "mousemove";
    return {
        width, height, padding: [10, 20, 0, 0], legend: { show: false },
        tzDate: at => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
        cursor: {
            y: false, points: { size: 7 }, drag: { x: true, y: false, dist: 5, setScale: false },
            sync: { key: chart.spec.group, setSeries: false, scales: ["x", null], filters: { pub: isMove, sub: isMove } },
            bind: { dblclick: () => () => zoom(chart.spec.group, null) },
        },
        scales: {
            x: { range: () => chart.group.zoom ?? [chart.group.from, chart.group.to] },
            y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
        },
        series: [{}, ...chart.spec.lines.map((line, index) => series(line, !chart.hidden.has(index)))],
        axes: [
            { ...axis, size: 30, space: 70, values: (_, times, __, ___, step) => times.map(at => tick(at, step)) },
            { ...axis, size: 58, space: 34, ...(unit === "nodes" ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] } : {}), values: (_, splits) => splits.map(value => isEmpty(chart.spec) ? "" : text(value, unit)) },
        ],
        hooks: {
            setCursor: [() => point(chart)],
            setSelect: [plot => select(chart, plot)],
            draw: [plot => drawMarks(chart, plot)],
        },
    };
}

function series(line, show) {
    const stroke = () => colour(line.colour);
    return {
        show, stroke, width: 1.75, dash: line.isDashed ? [5, 4] : undefined, fill: line.isFilled ? () => colour(`${line.colour}-soft`) : undefined,
        paths: line.isStepped ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear(),
        points: { show: false, size: 4, stroke, fill: stroke, filter: (plot, index) => lonely(plot.data[index]) },
    };
}

// Values without a neighbour, of which a line shows nothing.
const lonely = data => data.flatMap((value, i) => value != null && data[i - 1] == null && data[i + 1] == null ? [i] : []);

function select(chart, plot) {
    const { left, width } = plot.select;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    // With fewer than three times in it there is nothing to see.
    if (plot.data[0].filter(at => at >= from && at <= to).length >= 3) zoom(chart.spec.group, [from, to]);
}

function zoom(name, span) {
    groupOf(name).zoom = span;
    for (const chart of charts.values()) if (chart.spec.group === name) chart.plot?.redraw();
    tellZoom(name);
}

function tellZoom(name) {
    for (const button of document.querySelectorAll(`[data-zoom-reset="${CSS.escape(name)}"]`)) button.disabled = !groupOf(name).zoom;
}

// Values at the cursor; the newest ones while there is none.
function point(chart) {
    const { plot, spec, element } = chart;
    const index = plot?.cursor.idx ?? spec.times.findLastIndex((_, i) => spec.lines.some(line => line.values[i] != null));
    element.querySelector("[data-at]").textContent = index < 0 ? "" : `${moment(spec.times[index])} UTC`;
    for (const cell of element.querySelectorAll("[data-value]")) cell.textContent = index < 0 ? "–" : text(spec.lines[cell.dataset.value]?.values[index], spec.unit);
    if (plot) plot.over.style.cursor = spec.marks.length > 0 && nearestMark(chart, plot.cursor.left) >= 0 ? "pointer" : "";
}

function listen(chart) {
    const { element, box } = chart;
    element.addEventListener("click", event => {
        const button = event.target.closest("[data-line]");
        if (button) hide(chart, Number(button.dataset.line), button);
        else if (event.target === chart.plot?.over) clickMark(chart);
    });
    box.addEventListener("keydown", event => {
        const step = { ArrowLeft: -1, ArrowRight: 1, Escape: 0 }[event.key];
        if (step === undefined || !chart.plot) return;
        event.preventDefault();
        step === 0 ? leave(chart) : move(chart, step);
    });
    box.addEventListener("blur", () => leave(chart));
}

function hide(chart, index, button) {
    const show = chart.hidden.has(index);
    if (show) chart.hidden.delete(index);
    else chart.hidden.add(index);
    button.setAttribute("aria-pressed", String(show));
    chart.plot?.setSeries(index + 1, { show });
}

function move({ plot, spec }, step) {
    const [first, last] = plot.series[0].idxs;
    const index = Math.min(last, Math.max(first, plot.cursor.idx == null ? (step < 0 ? last : first) : plot.cursor.idx + step));
    if (spec.times[index] !== undefined) plot.setCursor({ left: plot.valToPos(spec.times[index], "x"), top: plot.over.clientHeight / 2 }, true, true);
}

const leave = ({ plot }) => plot?.setCursor({ left: -10, top: -10 }, true, true);

function drawMarks({ spec }, plot) {
    if (spec.marks.length === 0) return;
    const { ctx } = plot, { left, top, width, height } = plot.bbox, pixel = devicePixelRatio;
    ctx.save();
    for (const [index, mark] of spec.marks.entries()) {
        const x = Math.round(plot.valToPos(mark.at, "x", true));
        if (x < left || x > left + width) continue;
        const isChosen = index === spec.chosenMark;
        ctx.strokeStyle = ctx.fillStyle = colour({ up: "primary", down: "ok", end: "muted" }[mark.kind]);
        ctx.lineWidth = (isChosen ? 2 : 1) * pixel;
        ctx.setLineDash(isChosen ? [] : [2 * pixel, 3 * pixel]);
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, top + height);
        ctx.stroke();
        const [size, tip] = [(isChosen ? 6 : 4.5) * pixel, mark.kind === "up" ? -1 : 1];
        ctx.beginPath();
        ctx.moveTo(x, top + tip * size);
        ctx.lineTo(x - size, top - tip * size);
        ctx.lineTo(x + size, top - tip * size);
        ctx.fill();
    }
    ctx.restore();
}

function nearestMark({ plot, spec }, left) {
    let [nearest, closest] = [-1, 10];
    if (left < 0) return nearest;
    for (const [index, mark] of spec.marks.entries()) {
        const away = Math.abs(plot.valToPos(mark.at, "x") - left);
        if (away < closest) [nearest, closest] = [index, away];
    }
    return nearest;
}

function clickMark(chart) {
    const index = nearestMark(chart, chart.plot.cursor.left);
    if (index >= 0) chart.page?.invokeMethodAsync("MarkClickedAsync", index);
}

const sizes = new ResizeObserver(entries => {
    for (const { target } of entries) {
        const chart = [...charts.values()].find(c => c.box === target);
        if (!chart) continue;
        if (!target.isConnected) forget(chart);
        else if (!chart.plot) build(chart);
        else if (target.clientWidth > 0 && target.clientWidth !== chart.plot.width) chart.plot.setSize({ width: target.clientWidth, height: target.clientHeight });
    }
});

new MutationObserver(() => {
    for (const chart of charts.values()) chart.plot?.redraw(false, true);
}).observe(root, { attributes: true, attributeFilter: ["data-theme"] });

addEventListener("click", event => {
    const button = event.target.closest?.("[data-zoom-reset]");
    if (button) zoom(button.dataset.zoomReset, null);
});
