using System.Globalization;

namespace Hypervize.Simulator;

/// <summary>
/// How the simulated model behaves. Options of the command line set it; a model name may override it after a question mark, so that
/// an endpoint alone can ask for a behaviour: <c>simulator/tiny?load=2&amp;ttft=50&amp;tps=200&amp;concurrency=4&amp;crash-after=3</c>.
/// </summary>
/// <param name="LoadSeconds">Seconds the model takes to load (<c>load</c>).</param>
/// <param name="TtftMs">Milliseconds to the first token (<c>ttft</c>).</param>
/// <param name="TokensPerSecond">Tokens per second of each request; 0 for no pause between tokens (<c>tps</c>).</param>
/// <param name="Concurrency">Requests that run at once; more wait (<c>concurrency</c>).</param>
/// <param name="FailToLoad">The process ends with an error instead of becoming ready (<c>fail-to-load</c>).</param>
/// <param name="Hang">The process lives and never becomes ready (<c>hang</c>).</param>
/// <param name="CrashAfter">The process dies after so many completed requests; 0 for never (<c>crash-after</c>).</param>
/// <param name="DropStreamAfter">A stream is cut after so many tokens; 0 for never (<c>drop-stream-after</c>).</param>
public sealed record Behaviour(
    double LoadSeconds = 0.5, int TtftMs = 30, double TokensPerSecond = 100, int Concurrency = 64, bool FailToLoad = false, bool Hang = false, int CrashAfter = 0,
    int DropStreamAfter = 0)
{
    /// <summary>The behaviour that a model name asks for, the rest as it is here.</summary>
    /// <param name="model">A model name.</param>
    /// <exception cref="FormatException">The name asks for something there is not.</exception>
    public Behaviour OverriddenBy(string model)
    {
        var question = model.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return this;
        return model[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Aggregate(this, (it, pair) => pair switch
        {
            ["load", var seconds] => it with { LoadSeconds = Number(seconds) },
            ["ttft", var milliseconds] => it with { TtftMs = (int)Number(milliseconds) },
            ["tps", var tokens] => it with { TokensPerSecond = Number(tokens) },
            ["concurrency", var requests] => it with { Concurrency = (int)Number(requests) },
            ["fail-to-load"] => it with { FailToLoad = true },
            ["hang"] => it with { Hang = true },
            ["crash-after", var requests] => it with { CrashAfter = (int)Number(requests) },
            ["drop-stream-after", var tokens] => it with { DropStreamAfter = (int)Number(tokens) },
            _ => throw new FormatException($"The simulator knows no {string.Join('=', pair)}."),
        });
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
}
