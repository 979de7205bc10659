using System.Diagnostics;
using YamlDotNet.RepresentationModel;

namespace Hypervize.Architecture.Tests;

/// <summary>The compose file says what the services really read.</summary>
public sealed class ComposeFile
{
    // Read by the framework and by the exporter, not by our settings classes.
    private static readonly string[] Framework = ["ASPNETCORE_URLS", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"];

    [Theory, MemberData(nameof(Services))]
    public void Every_variable_of_a_service_is_read_by_it(string service)
    {
        var read = Settings(service).Select(s => s.Name).ToHashSet();
        Assert.Equal([], Variables(service).Except(Framework).Except(read));
    }

    [Theory, MemberData(nameof(Services))]
    public void Every_setting_without_a_default_is_given(string service)
    {
        var given = Variables(service);
        Assert.Equal([], Settings(service).Where(s => s.Required).Select(s => s.Name).Except(given));
    }

    public static TheoryData<string> Services() => [.. Directory.GetDirectories(Path.Combine(Repository.Root, "services")).Select(d => Path.GetFileName(d)!)];

    private static HashSet<string> Variables(string service)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(Repository.Root, "docker-compose.yml"));
        yaml.Load(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(reader)));
        var services = (YamlMappingNode)yaml.Documents[0].RootNode["services"];
        return [.. ((YamlMappingNode)services[service]["environment"]).Children.Keys.Select(k => ((YamlScalarNode)k).Value!)];
    }

    private static IReadOnlyList<(string Name, bool Required)> Settings(string service)
    {
        var project = Repository.Projects($"services/{service}").Single();
        var dll = Directory.GetFiles(Path.GetDirectoryName(project)!, $"{Path.GetFileNameWithoutExtension(project)}.dll", SearchOption.AllDirectories)
            .Where(f => f.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}")).MaxBy(File.GetLastWriteTimeUtc);
        using var process = Process.Start(new ProcessStartInfo("dotnet", [dll!, "--settings"]) { RedirectStandardOutput = true })!;
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        Assert.NotEmpty(lines);
        return [.. lines.Select(l => l.Split('\t')).Select(f => (f[0], Required: f[3] == "required"))];
    }
}
