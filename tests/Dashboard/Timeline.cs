using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Dashboard.Tests;

/// <summary>Entries of timelines, as they come.</summary>
public static class Timeline
{
    /// <summary>An entry.</summary>
    /// <param name="version">Its version.</param>
    /// <param name="seconds">Seconds from <see cref="Some.Now"/>.</param>
    /// <param name="type">Name of the fact.</param>
    /// <param name="fact">The fact.</param>
    public static TimelineEntry Entry(long version, int seconds, string type, object fact) =>
        new(version, Some.Now.AddSeconds(seconds), type, $"{type} {version}.", JsonSerializer.SerializeToElement(fact, fact.GetType(), Json.Options));
}
