using System.Globalization;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Shell;

/// <summary>Figures as people read them: the same everywhere.</summary>
public static class Words
{
    /// <summary>Money: cents always, down to hundredths of a cent where there are some.</summary>
    /// <param name="usd">US dollars.</param>
    public static string Usd(decimal usd) => $"${usd.ToString("#,0.00##", CultureInfo.InvariantCulture)}";

    /// <summary>Money, or a dash while it is not known.</summary>
    /// <param name="usd">US dollars.</param>
    public static string Usd(decimal? usd) => usd is { } known ? Usd(known) : "–";

    /// <summary>A number with thousands apart, at most one decimal.</summary>
    /// <param name="number">The number.</param>
    public static string Number(double number) => number.ToString("#,0.#", CultureInfo.InvariantCulture);

    /// <summary>A duration in its two largest units: <c>42 s</c>, <c>5 min</c>, <c>3 h 20 min</c>, <c>2 d 4 h</c>.</summary>
    /// <param name="span">The duration.</param>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => "0 s",
        { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds} s",
        { TotalHours: < 1 } => span.Seconds == 0 || span.TotalMinutes >= 10 ? $"{(int)span.TotalMinutes} min" : $"{(int)span.TotalMinutes} min {span.Seconds} s",
        { TotalDays: < 1 } => span.Minutes == 0 ? $"{(int)span.TotalHours} h" : $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => span.Hours == 0 ? $"{(int)span.TotalDays} d" : $"{(int)span.TotalDays} d {span.Hours} h",
    };

    /// <summary>How long ago a moment was, in its largest unit: a page full of seconds would be drawn anew every second.</summary>
    /// <param name="at">The moment.</param>
    /// <param name="now">Now.</param>
    public static string Ago(DateTimeOffset at, DateTimeOffset now) => (now - at) switch
    {
        { TotalSeconds: < 2 } => "just now",
        { TotalMinutes: < 1 } span => $"{(int)span.TotalSeconds} s ago",
        { TotalHours: < 1 } span => $"{(int)span.TotalMinutes} min ago",
        { TotalDays: < 1 } span => $"{(int)span.TotalHours} h ago",
        var span => $"{(int)span.TotalDays} d ago",
    };

    /// <summary>A moment, UTC, to the second.</summary>
    /// <param name="at">The moment.</param>
    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>What a badge says of a status.</summary>
    /// <param name="status">The status.</param>
    public static string Badge(EndpointStatus status) => status switch
    {
        EndpointStatus.Building => "Provisioning",
        EndpointStatus.Up => "Online",
        EndpointStatus.Hibernated => "Sleeping",
        EndpointStatus.Waking => "Waking up",
        EndpointStatus.Failed => "Failed",
        EndpointStatus.Disabled => "Disabled",
        EndpointStatus.Deleted => "Deleted",
    };

    /// <summary>A count with its noun: <c>1 node</c>, <c>2 nodes</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="noun">Of what, one of it.</param>
    public static string Count(int count, string noun) => $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";
}
