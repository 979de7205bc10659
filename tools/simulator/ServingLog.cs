using System.Globalization;
using System.Text.Json;

namespace Hypervize.Simulator;

/// <summary>
/// The node's own record of when it served, which bills are held against: a line when it became ready, one each half second, and one
/// when it stopped. What was written survives a kill, so the last line is at most half a second older than the node's end.
/// </summary>
internal sealed class ServingLog(string file, string node, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private readonly StreamWriter _lines = new(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

    public async Task ServeAsync(DateTimeOffset readyAt, CancellationToken stopped)
    {
        Write("ready", readyAt);
        using var beat = new PeriodicTimer(Beat, time);
        try
        {
            while (await beat.WaitForNextTickAsync(stopped)) Write("serving", time.GetUtcNow());
        }
        catch (OperationCanceledException)
        {
            Write("stopped", time.GetUtcNow());
        }
    }

    public void Dispose() => _lines.Dispose();

    private void Write(string what, DateTimeOffset at) =>
        _lines.Write($$"""{"node":"{{JsonEncodedText.Encode(node)}}","event":"{{what}}","at":"{{at.ToIso()}}"}""" + "\n");
}

internal static class Timestamps
{
    /// <summary>UTC with milliseconds, such as <c>2026-11-23T21:04:05.678Z</c>.</summary>
    public static string ToIso(this DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
