// Figures and times as the dashboard says them everywhere: see Plots/Plot.cs.

const written = {};
const fixed = (value, decimals) => (written[decimals] ??= new Intl.NumberFormat("en-US", { maximumFractionDigits: decimals })).format(value);

export const number = value => fixed(value, Math.abs(value) < 1 ? 3 : Math.abs(value) < 100 ? 1 : 0);

export const duration = milliseconds => milliseconds < 1000 ? `${number(milliseconds)} ms`
    : milliseconds < 60000 ? `${fixed(milliseconds / 1000, milliseconds < 10000 ? 2 : 1)} s`
    : `${fixed(milliseconds / 60000, 1)} min`;

/** A moment, UTC, to the second; times are seconds since 1970. */
export const moment = at => new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ");

/** What an axis says of a moment, by how far its ticks are apart, seconds. */
export function tick(at, step) {
    const said = moment(at);
    if (step >= 86400 || said.endsWith("00:00:00")) return new Date(at * 1000).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" });
    return said.slice(11, step < 60 ? 19 : 16);
}
