using Hypervize.Kit.Hub;

namespace Hypervize.EndToEnd.Tests;

/// <summary>Environment that services inherit while it lasts: a Hub, and a runtime called vLLM that lists its weights and is the simulator then.</summary>
internal sealed class Variables : IDisposable
{
    private readonly Dictionary<string, string> _variables;

    public Variables(HubStandIn hub, params (string Name, string Value)[] more)
    {
        _variables = new()
        {
            ["HF_ENDPOINT"] = hub.Url.ToString(),
            ["Local__Runtimes__vllm__Command"] = "sh -c \"ls $2; exec $0 $1 --host=127.0.0.1 --port=$3 --model=simulator/tiny --served-model-name=$4 --node-id=$5\" {simulator} {weights} {port} {name} {node}",
        };
        foreach (var (name, value) in more) _variables[name] = value;
        foreach (var (name, value) in _variables) Environment.SetEnvironmentVariable(name, value);
    }

    public void Dispose()
    {
        foreach (var name in _variables.Keys) Environment.SetEnvironmentVariable(name, null);
    }
}
