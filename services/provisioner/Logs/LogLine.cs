using System.Globalization;
using System.Text.RegularExpressions;
using Hypervize.Contracts;

namespace Hypervize.Provisioner.Logs;

/// <summary>
/// Reads what a line of output says of itself in front: when it was written, and how much it matters. By the forms that runtimes are known to use; nothing is
/// guessed from the words of a message.
/// </summary>
public static partial class LogLine
{
    private const int TickDigits = 7;
    private static readonly TimeSpan LargestOffset = TimeSpan.FromHours(14);

    /// <summary>Reads a line.</summary>
    /// <param name="nodeId">The node that printed it.</param>
    /// <param name="text">The line.</param>
    /// <param name="near">A time near to the line's, by the node's clock: a time without a year is of the year that brings it nearest, one without a zone is of this zone.</param>
    public static OutputLine Read(string nodeId, string text, DateTimeOffset near)
    {
        if (Vllm().Match(text) is { Success: true } vllm) return new(nodeId, Nearest(vllm, near), LevelOf(vllm), text);
        if (Dated().Match(text) is { Success: true } dated) return new(nodeId, Time(dated, dated.Groups["day"].Value, near), LevelOf(AfterTime().Match(text, dated.Length, text.Length - dated.Length)), text);
        return new(nodeId, null, LevelOf(Undated().Match(text)), text);
    }

    private static OutputLevel? LevelOf(Match match) => !match.Success ? null : char.ToUpperInvariant(match.Groups["level"].ValueSpan[0]) switch
    {
        'T' or 'D' => OutputLevel.Debug,
        'I' => OutputLevel.Info,
        'W' => OutputLevel.Warning,
        _ => OutputLevel.Error,
    };

    private static DateTimeOffset? Nearest(Match match, DateTimeOffset near) =>
        Enumerable.Range(near.Year - 1, 3).Select(year => Time(match, $"{year}-{match.Groups["day"].Value}", near)).Where(time => time is not null).MinBy(time => (time!.Value - near).Duration());

    private static DateTimeOffset? Time(Match match, string day, DateTimeOffset near)
    {
        var (second, part, zone) = ($"{day} {match.Groups["clock"].Value}", match.Groups["part"].Value, Zone(match.Groups["zone"].ValueSpan, near.Offset));
        if (zone.Duration() > LargestOffset || !DateTime.TryParseExact(second, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return null;
        return new DateTimeOffset(time.AddTicks(int.Parse(part.PadRight(TickDigits, '0')[..TickDigits], CultureInfo.InvariantCulture)), zone);
    }

    private static TimeSpan Zone(ReadOnlySpan<char> zone, TimeSpan otherwise)
    {
        if (zone.IsEmpty) return otherwise;
        if (zone[0] == 'Z') return TimeSpan.Zero;
        var offset = new TimeSpan(int.Parse(zone[1..3], CultureInfo.InvariantCulture), int.Parse(zone[^2..], CultureInfo.InvariantCulture), 0);
        return zone[0] == '-' ? -offset : offset;
    }

    private const string Clock = @"(?<clock>\d\d:\d\d:\d\d)(?:[.,](?<part>\d{1,9}))?";
    private const string Words = "TRACE|DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL";
    private const string DotNetWords = "trce|dbug|info|warn|fail|crit";

    // INFO 11-28 12:00:00 [file.py:1] …, of one of its processes with (EngineCore_0 pid=123) before it.
    [GeneratedRegex(@"^(?:\(\w+(?: \w+=\w+)+\) )?(?<level>" + Words + @") (?<day>\d\d-\d\d) " + Clock + @"(?!\w)", RegexOptions.ECMAScript)]
    private static partial Regex Vllm();

    // 2026-11-28T12:00:00.000Z …, 2026-11-28 12:00:00,123 …, [2026-11-28 12:00:00 +0100] …
    [GeneratedRegex(@"^\[?(?<day>(?:19|20)\d\d-\d\d-\d\d)[T ]" + Clock + @"(?: ?(?<zone>Z|[+-]\d\d:?\d\d))?(?!\w)\]?", RegexOptions.ECMAScript)]
    private static partial Regex Dated();

    // … info: · … - name - INFO - … · … [123] [INFO] … · …  INFO name: …
    [GeneratedRegex(@"\G(?:(?: - \S+)? - | \[\d+\])?[ \t]*\[?(?:(?<level>" + Words + @")(?!\w)|(?<level>" + DotNetWords + "):)")]
    private static partial Regex AfterTime();

    // INFO:name:… and INFO:     … of Python; info: … of .NET; 0.12.345.678 I … of llama-server, whose time counts from its start.
    [GeneratedRegex(@"^(?:(?<level>" + Words + "|" + DotNetWords + @"):|\d+\.\d\d\.\d{3}\.\d{3} (?<level>[DIWE]) )")]
    private static partial Regex Undated();
}
