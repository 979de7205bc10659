using System.Globalization;
using Hypervize.Contracts;
using Hypervize.Processes;

namespace Hypervize.Provisioner.Local;

/// <summary>Why a node could not be started.</summary>
/// <param name="failure">The typed cause.</param>
public sealed class CannotStartException(Failure failure) : Exception(failure.Message)
{
    /// <summary>The typed cause.</summary>
    public Failure Failure { get; } = failure;

    /// <summary>The runtime is missing or not usable.</summary>
    /// <param name="message">What to do.</param>
    public static CannotStartException Runtime(string message) => new(new(FailureCode.RuntimeUnavailable, message, null));

    /// <summary>The machine has no room.</summary>
    /// <param name="message">What to do.</param>
    public static CannotStartException Capacity(string message) => new(new(FailureCode.CapacityUnavailable, message, null));
}

/// <summary>Starts the process of a node.</summary>
/// <param name="settings">How.</param>
public sealed class Launch(LocalSettings settings)
{
    // The process writes who it is before it begins, so that nothing is lost when the provisioner dies meanwhile; and links the file into
    // place, which fails where there is one already: a node that was started is not started again.
    private const string Claim = """cat /proc/$$/stat >"$0.$$"; ln "$0.$$" "$0" 2>/dev/null || { rm -f "$0.$$"; exit 0; }; rm -f "$0.$$"; exec "$@" """;

    /// <summary>The profile that a node asks for.</summary>
    /// <param name="spec">What the node runs.</param>
    /// <exception cref="CannotStartException">There is none.</exception>
    public RuntimeProfile Profile(NodeSpec spec) => settings.Runtimes.GetValueOrDefault(spec.Runtime)
        ?? throw CannotStartException.Runtime($"This installation has no runtime '{spec.Runtime}'. Choose one of: {string.Join(", ", settings.Runtimes.Keys.Order(StringComparer.Ordinal))}.");

    /// <summary>Starts it. Its output goes to a file and its input comes from nowhere; its session is its own, so it outlives the provisioner.</summary>
    /// <param name="folder">The node's folder.</param>
    /// <param name="manifest">What is started.</param>
    /// <param name="secrets">For its environment alone.</param>
    /// <param name="traceParent">The trace its start belongs to.</param>
    /// <param name="ended">Told its exit code.</param>
    /// <returns>The process id; that of the node, unless another start was first to claim it.</returns>
    /// <exception cref="CannotStartException">Its program is missing, or the machine starts nothing more.</exception>
    public int Start(NodeFolder folder, NodeManifest manifest, NodeSecrets secrets, string? traceParent, Action<int> ended)
    {
        var profile = Profile(manifest.Spec);
        var command = Command(profile, folder, manifest);
        var tags = new Dictionary<string, string>
        {
            [NodeEnvironment.InstallationTag] = settings.Installation, [NodeEnvironment.NodeTag] = manifest.NodeId, [NodeEnvironment.FolderTag] = folder.Path,
        };
        var variables = NodeEnvironment.Of(Environment.GetEnvironmentVariables(), profile.Environment, tags, secrets, traceParent);
        try
        {
            return DetachedProcess.Start(folder.Output.Path, ["/bin/sh", "-c", Claim, folder.ProcessFile, .. command], variables, folder.Path, inherit: false, ended: ended).Pid;
        }
        catch (Exception e) when (e is MissingOnThisMachineException or System.ComponentModel.Win32Exception)
        {
            throw CannotStartException.Capacity($"The machine could not start a process: {e.Message}");
        }
    }

    private IReadOnlyList<string> Command(RuntimeProfile profile, NodeFolder folder, NodeManifest manifest)
    {
        var (runtime, model) = (manifest.Spec.Runtime, manifest.Spec.Model);
        if (string.IsNullOrWhiteSpace(profile.Command))
            throw CannotStartException.Runtime($"Runtime '{runtime}' has no command here. Set Local__Runtimes__{runtime}__Command, for example: my-server --model={{model}} --port={{port}}");
        if (profile.Command.Contains("{simulator}", StringComparison.Ordinal) && !File.Exists(settings.Simulator))
            throw CannotStartException.Runtime($"The simulator is not at '{settings.Simulator}'. Build tools/simulator and set Local__Simulator to it.");

        IReadOnlyList<string> command;
        try
        {
            command = CommandLine.Expand($"{profile.Command} {profile.Arguments}", new Dictionary<string, string>
            {
                ["weights"] = manifest.Files?.Model?.Path ?? model, ["adapter"] = manifest.Files?.Adapter?.Path ?? "", ["revision"] = manifest.Spec.Weights?.Revision ?? "main",
                ["model"] = model, ["name"] = model, ["host"] = settings.ListenHost, ["port"] = manifest.Port.ToString(CultureInfo.InvariantCulture),
                ["concurrency"] = manifest.Spec.Concurrency.ToString(CultureInfo.InvariantCulture), ["node"] = manifest.NodeId, ["folder"] = folder.Path,
                ["simulator"] = settings.Simulator, ["arguments"] = manifest.Spec.Arguments ?? "",
            });
        }
        catch (UnsafeArgumentException e)
        {
            throw CannotStartException.Runtime(e.Message);
        }

        // The .NET host that runs the provisioner runs the simulator too, also where it is not on the path.
        var program = Executables.Find(command[0], command[0] == "dotnet" ? [Path.GetDirectoryName(Environment.ProcessPath)!] : [])
            ?? throw CannotStartException.Runtime($"The program '{command[0]}' of runtime '{runtime}' is not on this machine. Install it, or set Local__Runtimes__{runtime}__Command to where it is.");
        return [program, .. command.Skip(1)];
    }
}
