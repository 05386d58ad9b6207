using Mesh.Demo;

return await DemoCommand.RunAsync(args);
