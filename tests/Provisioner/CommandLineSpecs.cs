using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Tests;

/// <summary>What users write never becomes anything but a value.</summary>
public sealed class CommandLineSpecs
{
    private static readonly Dictionary<string, string> Values = new()
    {
        ["model"] = "a model; rm -rf \"$HOME\"", ["name"] = "-x", ["host"] = "127.0.0.1", ["port"] = "20000", ["concurrency"] = "4", ["node"] = "node-a",
        ["folder"] = "/data/nodes/node-a", ["simulator"] = "/app/Hypervize.Simulator.dll", ["arguments"] = "--max-model-len=8192 --dtype=float16",
        ["weights"] = "/data/weights/a model", ["adapter"] = "/data/weights/an adapter", ["revision"] = "0123456789abcdef0123456789abcdef01234567",
    };

    [Fact]
    public void A_value_stays_one_argument() =>
        Assert.Equal(["serve", "a model; rm -rf \"$HOME\"", "--port=20000"], CommandLine.Expand("serve {model} --port={port}", Values));

    [Fact]
    public void Quotes_keep_an_argument_together() => Assert.Equal(["sh", "-c", "echo 1 2"], CommandLine.Expand("sh -c \"echo 1 2\"", Values));

    [Fact]
    public void A_value_cannot_become_an_option() => Assert.Throws<UnsafeArgumentException>(() => CommandLine.Expand("serve {name}", Values));

    [Fact]
    public void An_options_value_may_be_anything() => Assert.Equal(["serve", "--name=-x"], CommandLine.Expand("serve --name={name}", Values));

    [Fact]
    public void A_placeholder_in_a_value_is_not_filled() =>
        Assert.Equal(["serve", "{port}"], CommandLine.Expand("serve {model}", new Dictionary<string, string>(Values) { ["model"] = "{port}" }));

    [Fact]
    public void An_assembly_is_run_by_the_host() => Assert.Equal(["dotnet", "/app/Hypervize.Simulator.dll"], CommandLine.Expand("{simulator}", Values));

    [Fact]
    public void What_sizing_makes_of_a_model_is_as_many_arguments_as_it_has()
    {
        Assert.Equal(["serve", "--max-model-len=8192", "--dtype=float16", "--port=20000"], CommandLine.Expand("serve {arguments} --port={port}", Values));
        Assert.Equal(["serve"], CommandLine.Expand("serve {arguments}", new Dictionary<string, string>(Values) { ["arguments"] = "" }));
    }

    [Fact]
    public void An_adapter_is_named_where_it_lies_and_stays_one_argument() => Assert.Equal(
        ["serve", "/data/weights/a model", "--lora-modules=x=/data/weights/an adapter"],
        CommandLine.Expand("serve {weights} {arguments}", new Dictionary<string, string>(Values) { ["name"] = "x", ["arguments"] = "--lora-modules={name}={adapter}" }));

    [Fact]
    public void What_is_wrong_with_a_template_is_said_at_start()
    {
        var errors = CommandLine.Errors("serve \"{modell}").ToList();
        Assert.Equal(2, errors.Count);
        Assert.Contains("{modell}", errors[1]);
    }

    [Fact]
    public void Every_profile_there_is_can_be_expanded() => Assert.All(RuntimeProfile.BuiltIn().Values, profile =>
    {
        Assert.Empty(CommandLine.Errors(profile.Command));
        Assert.All(CommandLine.Expand(profile.Command, new Dictionary<string, string>(Values) { ["name"] = "x", ["model"] = "x" }), a => Assert.DoesNotContain('{', a));
    });
}
