namespace Hypervize.Cli.Platform;

/// <summary>
/// A server in a container, for machines that have neither its programs nor Debian packages, but Docker. The client stays in the
/// foreground and hands signals on, so that it is started, watched and stopped like the server itself.
/// </summary>
/// <param name="Name">Name of the container and of the volume that keeps its data.</param>
/// <param name="Image">The image.</param>
/// <param name="Volume">Where the image keeps data.</param>
internal sealed record Container(string Name, string Image, string Volume)
{
    /// <summary>Whether an engine answers.</summary>
    public static async Task<bool> EngineAnswersAsync(CancellationToken cancel) =>
        Executables.Find("docker") is { } docker && (await Executables.RunAsync(docker, ["info"], cancel)).ExitCode == 0;

    /// <summary>The command that runs it.</summary>
    /// <param name="port">Its port on loopback.</param>
    /// <param name="inside">Its port inside the container.</param>
    /// <param name="variables">Names of variables that it takes over from the client's environment.</param>
    public IReadOnlyList<string> Run(int port, int inside, IEnumerable<string> variables) =>
    [
        "docker", "run", "--rm", "--name", Name, "--hostname", "hypervize", "--publish", $"127.0.0.1:{port}:{inside}", "--volume", $"{Name}:{Volume}",
        .. variables.SelectMany(v => new[] { "--env", v }), Image,
    ];

    /// <summary>Runs a program inside it.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="PlatformException">It failed.</exception>
    public async Task ExecuteAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        var (exitCode, output) = await Executables.RunAsync("docker", ["exec", Name, .. command], cancel);
        if (exitCode != 0) throw new PlatformException($"{string.Join(' ', command)} failed in container {Name}: {output}");
    }

    /// <summary>Ends what a client that was killed left behind. Data stay.</summary>
    /// <param name="cancel">Stops.</param>
    public Task EndAsync(CancellationToken cancel) => Executables.RunAsync("docker", ["rm", "--force", Name], cancel);
}
