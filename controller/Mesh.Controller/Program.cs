return await Mesh.Controller.Hosting.ControllerCommand.RunAsync(args);
