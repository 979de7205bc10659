using Hypervize.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Dashboard.Tests;

/// <summary>Usage as the platform answers it, from charges.</summary>
public static class Usages
{
    public static readonly Guid Opened = Guid.Parse("11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa");
    public static readonly Guid Closed = Guid.Parse("22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb");

    /// <summary>A node's charge that begins at noon.</summary>
    public static Line Charge(DateOnly day, decimal amount, long seconds = 1800, string endpoint = Some.EndpointId, Guid? closed = null, string subject = "node-1")
    {
        var from = new DateTimeOffset(day, new TimeOnly(10, 0), TimeSpan.Zero);
        return new(endpoint, LineKind.Node, subject, "g5.xlarge", day, from, from.AddSeconds(seconds), seconds, 1.006m, amount, Opened, closed);
    }

    public static Usage Of(params Line[] lines) => new(
        Some.AccountId, "USD", Some.Now.AddDays(-20), Some.Now, lines.Sum(l => l.Amount), 0,
        [.. lines.GroupBy(l => l.EndpointId).Select(g => new EndpointUsage(g.Key, g.Sum(l => l.Seconds), g.Sum(l => l.Amount),
            [.. g.GroupBy(l => l.Day).OrderBy(d => d.Key).Select(d => new DayUsage(d.Key, d.Sum(l => l.Seconds), d.Sum(l => l.Amount)))]))], lines);

    public static decimal Dollars(string text) => decimal.Parse(text.Trim().TrimStart('$'), System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Moves time on until an assertion holds: feeds tell, and pages ask again, in steps of it.</summary>
    public static async Task HoldsAsync(FakeTimeProvider time, TimeSpan step, Action assertion)
    {
        var last = "";
        await Eventually.TrueAsync(() =>
        {
            try
            {
                assertion();
                return true;
            }
            catch (Exception e)
            {
                last = e.Message;
                time.Advance(step);
                return false;
            }
        }, "what a page shows", () => last);
    }
}
