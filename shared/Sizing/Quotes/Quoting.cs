using System.Globalization;
using Hypervize.Catalog;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Quotes;

/// <summary>Makes a quote of an analysis. Pure.</summary>
public static class Quoting
{
    private const int HoursOfADay = 24;
    private const double Gb = 1e9;

    // Beside the weights, which are kept whole and once more in part while they are downloaded: the runtime's image and the system.
    private const double DiskPerWeight = 1.1, DiskBesidesGb = 40;

    // What is told, not promised: a download at 2 Gbit/s, reading from a local disk at 1 GB/s, and a runtime's own start.
    private const double DownloadBytesPerSecond = 250e6, ReadBytesPerSecond = 1e9, RuntimeSeconds = 40;

    /// <summary>Makes a quote.</summary>
    /// <param name="model">The model.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="hardware">What can be chosen.</param>
    /// <param name="catalog">Prices.</param>
    /// <param name="now">The moment whose prices hold.</param>
    public static Answer<Quote> Of(ModelAnalysis model, QuoteRequest request, IEnumerable<Hardware> hardware, HardwareCatalog catalog, DateTimeOffset now)
    {
        var options = hardware.Select(h => HardwareFit.Of(model, h, request.Ask, catalog.PricePerHour(h.Id, now))).ToList();
        // A machine of one's own is nothing that is rented: it is taken when it is asked for.
        var rented = options.Where(o => o.Hardware != HardwareCatalog.Local).ToList();
        var chosen = request.Hardware is { } wanted ? options.FirstOrDefault(o => o.Hardware == wanted) : Choice.Of(rented);
        if (chosen is not { Fits: true }) return TooLarge(model, request, chosen, rented);

        var addOns = request.AddOns.Select(id => new QuotedAddOn(id, catalog.AddOnPricePerHour(id, now))).ToList();
        var ofAddOns = addOns.Sum(a => a.HourlyUsd);
        decimal Day(int nodes) => nodes == 0 ? 0 : ((chosen.HourlyUsd * nodes) + ofAddOns) * HoursOfADay;
        var stored = model.WeightBytes + (model.Adapter?.Bytes ?? 0);
        var warm = (stored / ReadBytesPerSecond) + RuntimeSeconds;
        return new Quote(
            model.Model, model.Revision, model.Task, model.Parameters, model.WeightBytes, model.KvBytesPerToken, model.MaxContext, model.IsEstimate, request.Ask.ContextOf(model), request.Ask.Concurrency,
            options, chosen.Hardware, [.. Choice.Ladder(rented, chosen).Select(o => o.Hardware)], chosen.HourlyUsd + ofAddOns, chosen.HourlyUsd, addOns,
            new(Day(Math.Max(1, request.MinNodes)), Day(request.MaxNodes), Day(0)), (int)Math.Ceiling((stored * DiskPerWeight / Gb) + DiskBesidesGb),
            new((int)Math.Ceiling((stored / DownloadBytesPerSecond) + warm), (int)Math.Ceiling(warm)), model);
    }

    /// <summary>More tokens are asked for than a model was made for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">What is asked for.</param>
    public static ModelRefusal BeyondContext(ModelAnalysis model, int context) =>
        new(ModelProblem.TooLarge, Invariant($"{model.Model} was made for {model.MaxContext:N0} tokens, and {context:N0} are asked for. Ask for no more than that."));

    private static ModelRefusal TooLarge(ModelAnalysis model, QuoteRequest request, HardwareOption? asked, IReadOnlyList<HardwareOption> rented)
    {
        var context = request.Ask.ContextOf(model);
        if (context > model.MaxContext) return BeyondContext(model, context);
        var cheapest = Choice.Of(rented);
        if (asked is not null)
            return new(ModelProblem.TooLarge, Invariant($"{model.Model} with {request.Ask.Concurrency:N0} × {context:N0} tokens does not fit on {asked.Hardware}. {asked.Why} {(cheapest is null ? "" : $"The cheapest that fits is {cheapest.Hardware}, at {cheapest.HourlyUsd} USD an hour.")}").TrimEnd());
        var best = rented.MaxBy(o => o.MaxContext);
        var most = rented.Max(o => o.Sequences);
        if (most > 0 && request.Ask.Concurrency > most)
            return new(ModelProblem.TooLarge, Invariant($"{request.Ask.Concurrency:N0} × {context:N0} tokens of {model.Model} fit on no one node in the catalogue: {most:N0} at once is the most. Ask for fewer, and for more nodes."));
        return new(ModelProblem.TooLarge, Invariant($"{model.Model} with {request.Ask.Concurrency:N0} × {context:N0} tokens fits on no hardware in the catalogue. {(best is { MaxContext: > 0 } ? $"On {best.Hardware} {best.MaxContext:N0} tokens would fit: ask for less." : "Its weights alone are more than the largest holds: choose a quantised version of it.")}"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
