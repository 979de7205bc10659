using System.Diagnostics;
using System.Diagnostics.Metrics;
using Hypervize.Autoscaler.Messaging;

namespace Hypervize.Autoscaler.Evaluation;

/// <summary>Traces and metrics of the autoscaler.</summary>
public static class Telemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Hypervize.Autoscaler";

    private static readonly Meter Meter = new(Name);

    /// <summary>Activities: one for each command.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>Duration of an evaluation of all endpoints, seconds.</summary>
    public static Histogram<double> Evaluation { get; } = Meter.CreateHistogram<double>("hypervize.autoscaler.evaluation", "s", "Duration of an evaluation of all endpoints.");

    /// <summary>Commands published; <c>kind</c> is <c>scale</c> or <c>hibernate</c>.</summary>
    public static Counter<long> CommandsPublished { get; } = Meter.CreateCounter<long>("hypervize.autoscaler.commands", "{command}", "Commands published.");

    /// <summary>Reports received; <c>repeated</c> tells whether they had been taken in before.</summary>
    public static Counter<long> Reports { get; } = Meter.CreateCounter<long>("hypervize.autoscaler.reports", "{report}", "Proxy reports received.");

    /// <summary>Begins to tell how many proxies are known and silent, and how many endpoints there are.</summary>
    /// <param name="evaluator">Knows the proxies.</param>
    /// <param name="table">Knows the endpoints.</param>
    /// <param name="clock">Steady time.</param>
    public static void Observe(Evaluator evaluator, EndpointTable table, SteadyClock clock)
    {
        Meter.CreateObservableGauge("hypervize.autoscaler.proxies", () => evaluator.Knowledge(clock.Now).Known, "{proxy}", "Proxies known.");
        Meter.CreateObservableGauge("hypervize.autoscaler.proxies.silent", () => evaluator.Knowledge(clock.Now).Silent, "{proxy}", "Known proxies that are silent.");
        Meter.CreateObservableGauge("hypervize.autoscaler.endpoints", () => table.Endpoints.Count, "{endpoint}", "Endpoints known.");
    }
}
