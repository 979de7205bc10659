using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;

namespace Hypervize.Provisioner.Local;

/// <summary>How nodes run as processes of this machine.</summary>
public sealed class LocalSettings : IValidatableObject
{
    /// <summary>Folder for the nodes' folders: what they run, and their output. All replicas of the provisioner share it.</summary>
    [Required] public string DataDirectory { get; set; } = "";

    /// <summary>Name or address of this machine that proxies reach nodes by; loopback only where all run on one machine.</summary>
    [Required] public string AdvertiseHost { get; set; } = "127.0.0.1";

    /// <summary>Name of the installation, which its nodes are tagged with; only these are ever touched.</summary>
    [Required] public string Installation { get; set; } = "local";

    /// <summary>Path of the simulator: its executable, or <c>Hypervize.Simulator.dll</c>.</summary>
    public string Simulator { get; set; } = "";

    /// <summary>Ports for nodes, first and last. Below those that the system gives to outgoing connections.</summary>
    [Required] public string Ports { get; set; } = "20000-29999";

    /// <summary>Runtime profiles by name; what is configured is added to the ones that are built in, or changes them.</summary>
    public Dictionary<string, RuntimeProfile> Runtimes { get; } = RuntimeProfile.BuiltIn();

    /// <summary>File that is written when the platform is stopped in order, its nodes too: its time says when.</summary>
    internal string StoppedFile => Path.Combine(Path.GetFullPath(DataDirectory), "stopped");

    /// <summary>Folder of the nodes' folders.</summary>
    internal string NodesDirectory => Path.Combine(Path.GetFullPath(DataDirectory), "nodes");

    /// <summary>Address that nodes listen on.</summary>
    internal string ListenHost => IsLoopback ? "127.0.0.1" : "0.0.0.0";

    internal (int First, int Last)? PortRange =>
        Ports.Split('-') is [var first, var last]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
        && from is > 0 and <= 65535 && to <= 65535 && from <= to
            ? (from, to)
            : null;

    private bool IsLoopback => AdvertiseHost == "localhost" || (IPAddress.TryParse(AdvertiseHost, out var address) && IPAddress.IsLoopback(address));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PortRange is null) yield return new("Give first and last port, such as 20000-29999.", [nameof(Ports)]);
        foreach (var (name, profile) in Runtimes)
        {
            if (profile.StartSeconds <= 0) yield return new($"Runtime '{name}' needs a start-up budget above 0 seconds.", [$"{nameof(Runtimes)}__{name}__{nameof(profile.StartSeconds)}"]);
            foreach (var error in CommandLine.Errors(profile.Command).Concat(CommandLine.Errors(profile.Arguments)))
                yield return new(error, [$"{nameof(Runtimes)}__{name}__{nameof(profile.Command)}"]);
        }
    }
}
