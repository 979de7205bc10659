using System.Globalization;
using Hypervize.Autoscaler.Recording;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.Api;

/// <summary>A time that a caller asks about, within what is kept.</summary>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends, not in the future.</param>
internal readonly record struct Period(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Reads it.</summary>
    /// <param name="from">When it begins; null for so long before its end.</param>
    /// <param name="to">When it ends; null for now.</param>
    /// <param name="usual">How long it is where nothing is said.</param>
    /// <param name="now">Now.</param>
    /// <returns>The time, or an answer that says what is wrong.</returns>
    public static (Period It, IResult? Refused) Read(string? from, string? to, TimeSpan usual, DateTimeOffset now)
    {
        if (Moment(to, now) is not { } end) return (default, Wrong("to", now));
        if (end > now) end = now;
        if (end <= now - TrafficStore.Kept) return (default, Wrong("to", now));
        if (Moment(from, end - usual) is not { } begin || begin > now) return (default, Wrong("from", now));
        if (begin < now - TrafficStore.Kept) begin = now - TrafficStore.Kept;
        return begin < end ? (new(begin, end), null) : (default, Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", "from must come before to."));
    }

    private static DateTimeOffset? Moment(string? text, DateTimeOffset usual) =>
        text is null ? usual : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment) ? moment : null;

    private static IResult Wrong(string name, DateTimeOffset now) =>
        Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", $"{name} must be a time of the last {TrafficStore.Kept.TotalDays:0} days, such as {now:yyyy-MM-ddTHH:mm:ssZ}.");
}
