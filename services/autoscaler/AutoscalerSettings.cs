using System.ComponentModel.DataAnnotations;
using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaler;

/// <summary>How the autoscaler measures and how calm it is. The bounds of each endpoint are the endpoint's own, and so is what it tunes otherwise.</summary>
public sealed class AutoscalerSettings : IValidatableObject
{
    /// <summary>Share of what a node can do that it should carry on average; the rest is room for what comes while a node starts.</summary>
    [Range(0.1, 1.0)] public double TargetUtilisation { get; set; } = Tuning.Default.TargetUtilisation;

    /// <summary>Seconds over which load is averaged; a tenth of it for bursts. Shorter reacts faster and to less.</summary>
    [Range(2, 300)] public int WindowSeconds { get; set; } = (int)Tuning.Default.Window.TotalSeconds;

    /// <summary>A burst of so many times the target of all nodes is a panic: it counts at once, and nothing goes down for a window.</summary>
    [Range(1.1, 100)] public double PanicAt { get; set; } = Tuning.Default.PanicAt;

    /// <summary>How many times the nodes that serve there may be after one decision.</summary>
    [Range(1.1, 1000)] public double UpRate { get; set; } = Tuning.Default.UpRate;

    /// <summary>How many times the nodes that are left there may have been before one decision.</summary>
    [Range(1.1, 1000)] public double DownRate { get; set; } = Tuning.Default.DownRate;

    /// <summary>Seconds for which the load that counted, averages and bursts, must have been lower before nodes are let go of.</summary>
    [Range(1, 3600)] public int StabilisationSeconds { get; set; } = (int)Tuning.Default.Stabilisation.TotalSeconds;

    /// <summary>Seconds without news from a proxy, which reports each second, after which it counts as silent.</summary>
    [Range(2, 60)] public int LateSeconds { get; set; } = 5;

    /// <summary>Seconds after which a silent proxy is taken for dead. Until then nothing sleeps and nothing scales down; then idle time begins anew.</summary>
    [Range(3, 3600)] public int ForgetSeconds { get; set; } = 60;

    /// <summary>Seconds after which a command is given again if the endpoint still stands at the version it was decided on.</summary>
    [Range(1, 60)] public int RepeatSeconds { get; set; } = 5;

    /// <summary>
    /// A file to which all that decisions rest on is written, and the decisions; empty for none. For who looks into what an autoscaler did: it is never shortened.
    /// </summary>
    public string Journal { get; set; } = "";

    /// <summary>What the policy is tuned by.</summary>
    public Tuning Tuning => new(TargetUtilisation, Window, Stabilisation, PanicAt, UpRate, DownRate);

    internal TimeSpan Window => TimeSpan.FromSeconds(WindowSeconds);

    internal TimeSpan Stabilisation => TimeSpan.FromSeconds(StabilisationSeconds);

    internal TimeSpan Late => TimeSpan.FromSeconds(LateSeconds);

    internal TimeSpan Forget => TimeSpan.FromSeconds(ForgetSeconds);

    internal TimeSpan Repeat => TimeSpan.FromSeconds(RepeatSeconds);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ForgetSeconds <= LateSeconds)
            yield return new($"A proxy must be late ({LateSeconds} s) before it is forgotten: give more seconds.", [nameof(ForgetSeconds)]);
        if (Journal.Length > 0 && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(Journal))))
            yield return new($"The folder of {Journal} does not exist: make it.", [nameof(Journal)]);
    }
}

/// <summary>Where the other services are.</summary>
public sealed class PeerSettings
{
    /// <summary>Base address of endpoints.</summary>
    [Required] public Uri? Endpoints { get; set; }
}
