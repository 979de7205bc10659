using System.Globalization;

namespace Hypervize.Dashboard.Billing;

/// <summary>Which days are shown, as people name them.</summary>
public enum PeriodName
{
    /// <summary>From the first of this month until now.</summary>
    ThisMonth,

    /// <summary>The whole month before this one.</summary>
    LastMonth,

    /// <summary>Today and the six days before.</summary>
    Last7Days,

    /// <summary>Today and the 29 days before.</summary>
    Last30Days,

    /// <summary>Since what is asked about began.</summary>
    AllTime,

    /// <summary>Days that were chosen one by one.</summary>
    Chosen,
}

/// <summary>Days that somebody chose, or what is wrong with them.</summary>
/// <param name="Period">The days; null when something is wrong.</param>
/// <param name="FromWrong">What is wrong with the first day; null for nothing.</param>
/// <param name="ToWrong">What is wrong with the last day; null for nothing.</param>
public sealed record PeriodEntry(UsagePeriod? Period, string? FromWrong, string? ToWrong);

/// <summary>Days (UTC) of which the cost is shown. They stand in the page's address.</summary>
/// <param name="Name">What they are called.</param>
/// <param name="From">The first day.</param>
/// <param name="To">The last day.</param>
public sealed record UsagePeriod(PeriodName Name, DateOnly From, DateOnly To)
{
    /// <summary>Most days that can be chosen, and that the platform answers about at once.</summary>
    public const int MostDays = 366;

    private const string DayFormat = "yyyy-MM-dd";
    private const string NotADay = "Give a day, such as 2026-11-01.";

    /// <summary>Whether a day of it is not over.</summary>
    /// <param name="now">Now.</param>
    public bool IsOpen(DateTimeOffset now) => To >= DayOf(now);

    /// <summary>The day (UTC) of a moment.</summary>
    /// <param name="at">The moment.</param>
    public static DateOnly DayOf(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime);

    /// <summary>A day as addresses and fields have it: <c>2026-11-01</c>.</summary>
    /// <param name="day">The day.</param>
    public static string Text(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>A period by its name.</summary>
    /// <param name="name">The name; <see cref="PeriodName.Chosen"/> has no days of its own and stands for this month.</param>
    /// <param name="today">Today.</param>
    /// <param name="since">The day that what is asked about began; null when there is none.</param>
    public static UsagePeriod Of(PeriodName name, DateOnly today, DateOnly? since)
    {
        var first = new DateOnly(today.Year, today.Month, 1);
        return name switch
        {
            PeriodName.ThisMonth or PeriodName.Chosen => new(PeriodName.ThisMonth, first, today),
            PeriodName.LastMonth => new(name, first.AddMonths(-1), first.AddDays(-1)),
            PeriodName.Last7Days => new(name, today.AddDays(-6), today),
            PeriodName.Last30Days => new(name, today.AddDays(-29), today),
            // By another clock it may have begun tomorrow.
            PeriodName.AllTime => new(name, since is { } began && began < today ? began : today, today),
        };
    }

    /// <summary>A period of two days and all between them.</summary>
    /// <param name="from">The first day.</param>
    /// <param name="to">The last day.</param>
    /// <param name="today">Today.</param>
    /// <param name="mostDays">How many days it may have.</param>
    public static PeriodEntry Choose(string? from, string? to, DateOnly today, int mostDays = MostDays)
    {
        var (first, last) = (Day(from), Day(to));
        var fromWrong = first is null ? NotADay : first > today ? Future(today) : first > last ? "It lies after the last day." : null;
        var toWrong = last is null ? NotADay : last > today ? Future(today) : null;
        if (fromWrong is null && toWrong is null && last!.Value.DayNumber - first!.Value.DayNumber >= mostDays) toWrong = $"Choose at most {mostDays} days.";
        return fromWrong is null && toWrong is null ? new(new(PeriodName.Chosen, first!.Value, last!.Value), null, null) : new(null, fromWrong, toWrong);
    }

    /// <summary>Reads what an address says; this month when it says nothing.</summary>
    /// <param name="name">A period's name.</param>
    /// <param name="from">The first day.</param>
    /// <param name="to">The last day.</param>
    /// <param name="today">Today.</param>
    /// <param name="since">The day that what is asked about began; null when there is none.</param>
    /// <returns>The period, and what is wrong with the address if it stands for another one.</returns>
    public static (UsagePeriod Period, string? Wrong) Parse(string? name, string? from, string? to, DateOnly today, DateOnly? since)
    {
        if (from is not null || to is not null)
            return Choose(from, to, today) is { Period: { } chosen } ? (chosen, null) : (Of(PeriodName.ThisMonth, today, since), "The days in this page's address can't be shown.");
        if (string.IsNullOrEmpty(name)) return (Of(PeriodName.ThisMonth, today, since), null);
        foreach (var known in Enum.GetValues<PeriodName>())
            if (Slug(known) == name && known != PeriodName.Chosen && (known != PeriodName.AllTime || since is not null)) return (Of(known, today, since), null);
        return (Of(PeriodName.ThisMonth, today, since), "There is no period of the name in this page's address.");
    }

    /// <summary>The same as parameters of an address; null for what it need not say.</summary>
    public IReadOnlyDictionary<string, object?> Parameters() => new Dictionary<string, object?>
    {
        ["period"] = Name is PeriodName.ThisMonth or PeriodName.Chosen ? null : Slug(Name),
        ["from"] = Name == PeriodName.Chosen ? Text(From) : null,
        ["to"] = Name == PeriodName.Chosen ? Text(To) : null,
    };

    /// <summary>The same as the platform asks for it, in pieces that are not too long for it; a day that is not over ends now.</summary>
    /// <param name="now">Now.</param>
    public IEnumerable<string> Questions(DateTimeOffset now)
    {
        for (var first = From; first <= To; first = first.AddDays(MostDays))
        {
            var after = first.AddDays(MostDays) <= To ? first.AddDays(MostDays) : To.AddDays(1);
            var (start, end) = (Midnight(first), Midnight(after) < now ? Midnight(after) : now);
            if (start < end) yield return $"from={Text(start)}&to={Text(end)}";
        }
    }

    /// <summary>What a page calls it.</summary>
    /// <param name="name">Its name.</param>
    public static string Words(PeriodName name) => name switch
    {
        PeriodName.ThisMonth => "This month",
        PeriodName.LastMonth => "Last month",
        PeriodName.Last7Days => "Last 7 days",
        PeriodName.Last30Days => "Last 30 days",
        PeriodName.AllTime => "All time",
        PeriodName.Chosen => "Chosen days",
    };

    /// <summary>Its days in words.</summary>
    public string Days => From == To ? $"{Text(From)} (UTC)" : $"{Text(From)} to {Text(To)} (UTC)";

    private static string Slug(PeriodName name) => Words(name).ToLowerInvariant().Replace(' ', '-');

    private static string Future(DateOnly today) => $"It lies in the future: today is {Text(today)} (UTC).";

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static DateTimeOffset Midnight(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    private static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
